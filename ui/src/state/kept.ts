// What this console remembers of how it is looked at. A browser that keeps nothing forgets it, and that is all.

const PREFIX = "airdesk.";

export function kept(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // Private windows may refuse: the choice counts until the console is closed.
  }
}
