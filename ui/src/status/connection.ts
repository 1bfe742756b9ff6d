// Whether the desk can be reached, in words.
import type { Connection } from "../platform";

export function connectionText(connection: Connection): { text: string; tone: "good" | "warn" | "plain" } {
  switch (connection.state) {
    case "connecting":
      return { text: "Connecting to the desk", tone: "plain" };
    case "connected":
      return { text: "Connected", tone: "good" };
    case "lost":
      return { text: "Connection lost, trying again", tone: "warn" };
  }
}
