// The fake station's targets: the rules that a console can see.
import type { AudioCommand, Event, Reply, Snapshot, TargetState } from "../bindings";
import { onAir } from "./fakeOutputs";
import { done, refusal } from "./fakeStation";

type OnBroadcast = Extract<
  AudioCommand,
  {
    type:
      | "addTarget"
      | "removeTarget"
      | "setTarget"
      | "setPassword"
      | "trustCertificate"
      | "goLive"
      | "goOffAir"
      | "setTitle"
      | "setTitleFile";
  }
>;

const LIVE: TargetState["air"] = {
  state: "live",
  seconds: 0,
  bytesSent: 0,
  secondsDropped: 0,
  reconnects: 0,
  title: { state: "notSet" },
  statistics: null,
};

const isUnderWay = ({ air }: TargetState): boolean => air.state !== "off" && air.state !== "failed";

/** Obeys what concerns streams. Throws a {@link CommandError} when it is refused. */
export function obeyBroadcast(desk: Snapshot, command: OnBroadcast): { reply: Reply; events: Event[] } {
  switch (command.type) {
    case "addTarget": {
      const id = Math.max(0, ...desk.targets.map((target) => target.id)) + 1;
      const value = checked({
        id,
        settings: command.settings,
        password: "none",
        air: { state: "off" },
        secondsWaiting: null,
        listenBack: null,
        running: null,
      });
      desk.targets.push(value);
      return { reply: { type: "target", id }, events: [{ type: "target", value }] };
    }
    case "removeTarget":
      if (isUnderWay(target(desk, command.target))) throw refusal("alreadyRunning", "take it off air first");
      desk.targets = desk.targets.filter(({ id }) => id !== command.target);
      return done({ type: "targetRemoved", value: command.target });
    case "setTarget":
      return done(change(desk, command.target, (was) => checked({ ...was, settings: command.settings })));
    case "setPassword":
      return done(
        change(desk, command.target, (was) => ({ ...was, password: command.password ? "keyStore" : "none" })),
      );
    case "trustCertificate": {
      const pinnedCertificate = command.fingerprint;
      return done(
        change(desk, command.target, (was) => ({ ...was, settings: { ...was.settings, pinnedCertificate } })),
      );
    }
    case "goLive":
      return goLive(desk, command.target);
    case "goOffAir": {
      const those = desk.targets.filter(({ id }) => command.target === null || id === command.target);
      return done(...those.map(({ id }) => change(desk, id, (was) => onAir(was, { state: "off" }))));
    }
    case "setTitle":
      desk.title = { title: command.title, artist: command.artist, show: command.show ?? desk.title.show };
      return done({ type: "title", value: desk.title });
    case "setTitleFile": {
      const { path } = command;
      if (path !== "" && !path.startsWith("/")) throw refusal("invalid", "name the file with the title from the root");
      desk.titleFile = { path, reading: { state: path === "" ? "off" : "looking" } };
      return done({ type: "titleFile", value: desk.titleFile });
    }
  }
}

function goLive(desk: Snapshot, which: number | null): { reply: Reply; events: Event[] } {
  const wanted = desk.targets.filter(({ id, settings }) => (which === null ? settings.enabled : id === which));
  const idle = wanted.filter((item) => !isUnderWay(item));
  if (idle.length === 0) throw refusal("alreadyRunning", "the desk is already on air, or on its way");
  return done(...idle.map(({ id }) => change(desk, id, (was) => onAir(was, { ...LIVE }))));
}

function checked(target: TargetState): TargetState {
  if (!target.settings.mount.startsWith("/")) throw refusal("invalid", "a mount starts with a slash");
  return target;
}

function target(desk: Snapshot, which: number): TargetState {
  const found = desk.targets.find(({ id }) => id === which);
  if (!found) throw refusal("noSuchTarget", `there is no target ${which}`);
  return found;
}

function change(desk: Snapshot, which: number, to: (was: TargetState) => TargetState): Event {
  const value = to(target(desk, which));
  desk.targets = desk.targets.map((item) => (item.id === which ? value : item));
  return { type: "target", value };
}
