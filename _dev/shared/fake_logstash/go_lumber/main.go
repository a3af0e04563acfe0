// Receives by Elastic's own implementation of Lumberjack version 2. Prints "listening" when it is ready, then each document that
// it has taken as a line of JSON, and acknowledges a window when its documents are printed.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/elastic/go-lumber/server"
)

func main() {
	receiver, err := server.ListenAndServe(os.Args[1], server.V2(true))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening")
	out := bufio.NewWriter(os.Stdout)
	for batch := range receiver.ReceiveChan() {
		for _, event := range batch.Events {
			line, err := json.Marshal(event)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			out.Write(line)
			out.WriteByte('\n')
		}
		out.Flush()
		batch.ACK()
	}
}
