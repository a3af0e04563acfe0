/**
 * A regular expression as policies have it: in Go's syntax, which differs from JavaScript's in flags that stand at its start
 * (`(?i)`) and in `\A` and `\z`. `undefined` if the text is none.
 */
export function regularExpression(text: string): RegExp | undefined {
  const flags = /^\(\?([ims]+)\)/.exec(text);
  const body = text
    .slice(flags?.[0].length ?? 0)
    .replaceAll(/\\(A|z)|\\./gs, (escaped, anchor: string | undefined) =>
      anchor === undefined ? escaped : anchor === "A" ? "^" : "$",
    );
  try {
    return new RegExp(body, [...new Set(flags?.[1])].join(""));
  } catch {
    return undefined;
  }
}
