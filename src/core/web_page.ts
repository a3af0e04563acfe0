/** Whether an answer is a web page, which no API gives: a proxy, a sign-in or a maintenance page. */
export function isPage(body: string): boolean {
  return /^\s*</.test(body);
}

/** What a message says of such a body behind its status; nothing of any other. */
export function withPage(body: string): string {
  return isPage(body) ? ", a web page" : "";
}
