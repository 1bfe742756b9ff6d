// Numbers as an operator types them.

/** "-6", "-6,5", "+3", ".5"; `undefined` when it is no number. */
export function readNumber(text: string): number | undefined {
  const plain = text.trim().replace(",", ".").replace("−", "-");
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : undefined;
}
