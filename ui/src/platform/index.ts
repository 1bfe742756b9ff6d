// Chooses the way to the desk when the console starts. Each side is loaded only where it is used.
import type { Platform } from "./platform";

export type { Connection, DeskListener, DeskMessage, Platform } from "./platform";

export async function choosePlatform(): Promise<Platform> {
  if (import.meta.env.MODE === "fake") {
    const { fakeFromAddress } = await import("./fake");
    return fakeFromAddress(new URLSearchParams(location.search));
  }
  if ("__TAURI_INTERNALS__" in window) {
    const { TauriPlatform } = await import("./tauri");
    return new TauriPlatform();
  }
  const { WebSocketPlatform } = await import("./websocket");
  return new WebSocketPlatform();
}
