/**
 * A lock that processes share through the file system, and that a killed holder does not keep.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { Permits } from "../runtime/permits.js"
import { atOnce, type Files } from "./fileAccess.js"
import * as lockFolder from "./lockFolder.js"
import * as lockOwner from "./lockOwner.js"

export { besideOf } from "./lockFolder.js"

/** The lock could not be had: its holder hangs. */
export class LockHeld extends Data.TaggedError("LockHeld")<{ readonly path: string; readonly owner: string }> {
  override get message(): string {
    return `${this.path} is locked by another writer (${this.owner}), which does not release it`
  }
}

type Use<A, E, R> = (files: Files) => Effect.Effect<A, E, R>

export interface FileLock {
  /** This owner's name, for what it leaves beside the file. */
  readonly owner: string
  /**
   * Runs an effect on files while no other one, in any process, runs under this lock. The effect is not interrupted: waiting
   * for the lock is. A wait ends with an error when the holder has changed nothing for too long; while it still has not, the
   * next one does so at once. Where there are others, the files are such as do everything at once.
   */
  readonly hold: <A, E, R>(use: Use<A, E, R>) => Effect.Effect<A, E | LockHeld | PlatformError, R>
  /** The same, all of it at once, when the process ends. What this owner had begun under the lock goes no further. */
  readonly holdAtExit: <A, E, R>(use: Use<A, E, R>) => Effect.Effect<A, E | LockHeld | PlatformError, R>
}

/** How long an owner of whom nothing is known may be unchanged before the lock is taken from it. */
const abandonedAfter = 5_000
/** How often an owner shows that it is there, in milliseconds. Well below {@link abandonedAfter}. */
const showEvery = 1_000
/** Longest pause between two attempts. */
const maxPause = 250
/** How long others are expected after they were seen. */
const rivalsFor = 10_000
/** How often it is checked who holds the lock. */
const lookEvery = 100
/** How long a process that ends waits for the lock. */
const exitPatience = 1_000

/** What an owner remembers from one wait to the next. */
interface Memory {
  /** When others were last seen to have the lock. */
  contendedAt: number
  shownAt: number
  /** How the lock was when a wait for it was in vain. */
  hung: string | undefined
  /** The last holder of whom nothing was known, and since when it has been unchanged. */
  watched: { readonly holder: string; readonly shown: number; readonly since: number }
  closed: boolean
}

/** A lock, and what this owner knows of it. */
interface Owned {
  readonly fs: FileSystem.FileSystem
  readonly folder: lockFolder.LockFolder
  /** Longest wait, in milliseconds, for a holder that changes nothing. */
  readonly patience: number
  readonly memory: Memory
}

/** A wait for the lock, from one attempt to the next. */
type Wait =
  | { readonly _tag: "Taken" }
  | {
      readonly _tag: "Waiting"
      /** Since when the holder has changed nothing. */
      readonly since: number
      readonly sign: string
      /** When it is checked again who holds it. */
      readonly lookAt: number
      readonly now: number
    }

/**
 * A lock for the file at a path, until the scope is closed. `timeout`: longest wait for a holder that changes nothing.
 *
 * @internal
 */
export const make = (
  path: string,
  timeout: Duration.Duration
): Effect.Effect<FileLock, PlatformError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folder = lockFolder.make(path)
    const owned: Owned = { fs, folder, patience: Duration.toMillis(timeout), memory: nothingKnown() }
    // Of the fibers of this owner, too, one at a time.
    const alone = new Permits(1)
    yield* lockFolder.prepare(fs, folder)
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        owned.memory.closed = true
        return removeOwn(owned)
      })
    )
    yield* lockFolder.removeLeft(fs, path)
    return {
      owner: folder.owner,
      hold: (use) => alone.hold((restore) => holdOnce(owned, restore, use)),
      holdAtExit: (use) => holdAtExit(owned, use)
    }
  })

const nothingKnown = (): Memory => ({
  contendedAt: Number.NEGATIVE_INFINITY,
  shownAt: Number.NEGATIVE_INFINITY,
  hung: undefined,
  watched: { holder: "", shown: Number.NaN, since: 0 },
  closed: false
})

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

const holdOnce = <A, E, R>(owned: Owned, restore: Restore, use: Use<A, E, R>) =>
  Effect.gen(function* () {
    const { memory } = owned
    // Who has just had it gives the others a chance.
    if (isContended(memory, yield* monotonicMillis)) yield* restore(pause(5))
    yield* show(owned)
    yield* acquire(owned, restore)
    const since = yield* monotonicMillis
    const files = isContended(memory, since) ? atOnce : owned.fs
    return yield* Effect.ensuring(use(files), release(owned, files, since))
    // The fiber keeps the thread while others wait for it.
  }).pipe(Effect.withMaxOpsBeforeYield(100_000))

const isContended = ({ contendedAt }: Memory, now: number): boolean => now - contendedAt < rivalsFor

/** Attempts, and waits in between, until the lock is taken or its holder is found to hang. */
const acquire = (owned: Owned, restore: Restore): Effect.Effect<void, LockHeld | PlatformError> =>
  Effect.gen(function* () {
    const now = yield* monotonicMillis
    yield* Effect.iterate(waitFrom(now), {
      while: ({ _tag }) => _tag === "Waiting",
      body: (wait) => (wait._tag === "Taken" ? Effect.succeed(wait) : attempt(owned, restore, wait))
    })
    owned.memory.hung = undefined
  })

const waitFrom = (now: number): Wait => ({ _tag: "Waiting", since: now, sign: "", lookAt: now, now })

const attempt = (owned: Owned, restore: Restore, wait: Extract<Wait, { readonly _tag: "Waiting" }>) =>
  Effect.gen(function* () {
    const { folder, fs, memory } = owned
    const outcome = yield* lockFolder.take(isContended(memory, wait.now) ? atOnce : fs, folder)
    if (outcome === "taken") return taken
    if (outcome === "unprepared") yield* lockFolder.prepare(fs, folder)
    const now = yield* monotonicMillis
    memory.contendedAt = now
    const next = now < wait.lookAt ? { ...wait, now } : yield* look(owned, { ...wait, now, lookAt: now + lookEvery })
    if (next._tag === "Waiting") yield* restore(pause(Math.max(2, Math.min(maxPause, (now - next.since) / 4))))
    return next
  })

const taken: Wait = { _tag: "Taken" }

/** Checks who holds the lock. It fails when that owner hangs. */
const look = (
  owned: Owned,
  wait: Extract<Wait, { readonly _tag: "Waiting" }>
): Effect.Effect<Wait, LockHeld | PlatformError> =>
  Effect.gen(function* () {
    const { folder, fs, memory, patience } = owned
    const holder = (yield* livingHolder(owned)) ?? unknownOwner
    // Ours since a release that failed.
    if (holder === folder.owner) return taken
    const sign = yield* lockFolder.signOfLife(fs, folder, holder)
    const since = sign === wait.sign ? wait.since : wait.now
    if (sign === memory.hung || wait.now - since >= patience) {
      memory.hung = sign
      return yield* new LockHeld({ path: folder.path, owner: holder })
    }
    return { ...wait, sign, since }
  })

const unknownOwner = "a process that is not known"

/** Who has the lock. It is taken from an owner that is gone. */
const livingHolder = (owned: Owned): Effect.Effect<string | undefined, PlatformError> =>
  Effect.gen(function* () {
    const { folder, fs } = owned
    const holder = yield* lockFolder.holderOf(fs, folder)
    if (holder === undefined) return yield* Effect.as(lockFolder.removeEmpty(folder), undefined)
    const life = lockOwner.lifeOf(holder)
    const isGone = life === "unknown" ? yield* isAbandoned(owned, holder) : life === "dead"
    return isGone ? yield* Effect.as(lockFolder.evict(fs, folder, holder), undefined) : holder
  })

/** Whether an owner of whom nothing is known has been unchanged for too long. */
const isAbandoned = ({ folder, fs, memory }: Owned, holder: string): Effect.Effect<boolean, PlatformError> =>
  Effect.gen(function* () {
    const shown = yield* lockFolder.shownBy(fs, folder, holder)
    if (shown === undefined) return false
    const now = yield* monotonicMillis
    if (memory.watched.holder !== holder || memory.watched.shown !== shown) {
      memory.watched = { holder, shown, since: now }
    }
    if (now - memory.watched.since < abandonedAfter) return false
    yield* Effect.logWarning(`The lock of ${folder.path} was taken from ${holder}, which had not changed for 5 seconds`)
    return true
  })

const release = (owned: Owned, files: Files, since: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    const held = (yield* monotonicMillis) - since
    // Held for so long, it may have been taken from us.
    if (held > abandonedAfter / 2 && !(yield* lockFolder.isOwn(files, owned.folder))) return
    yield* lockFolder.giveBack(files, owned.folder)
    if (owned.memory.closed) yield* removeOwn(owned)
  }).pipe(Effect.ignore)

const holdAtExit = <A, E, R>(owned: Owned, use: Use<A, E, R>): Effect.Effect<A, E | LockHeld | PlatformError, R> =>
  Effect.gen(function* () {
    const { folder } = owned
    for (let waited = 0; !(yield* lockFolder.isOwn(atOnce, folder)); waited += exitPause) {
      if ((yield* lockFolder.take(atOnce, folder)) === "taken") break
      if (waited >= exitPatience) return yield* new LockHeld({ path: folder.path, owner: unknownOwner })
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, exitPause)
    }
    const given = Effect.zipRight(Effect.ignore(lockFolder.giveBack(atOnce, folder)), lockFolder.removeNow(folder))
    return yield* Effect.ensuring(use(atOnce), given)
  })

/** Pause between two attempts of a process that ends, in milliseconds. */
const exitPause = 2

const show = ({ folder, fs, memory }: Owned): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    if (now - memory.shownAt < showEvery) return Effect.void
    memory.shownAt = now
    return lockFolder.show(fs, folder, now)
  })

const removeOwn = ({ folder, fs }: Owned): Effect.Effect<void> =>
  Effect.ignore(fs.remove(folder.own, { recursive: true }))

const pause = (longest: number): Effect.Effect<void> =>
  Effect.flatMap(Random.nextIntBetween(1, Math.max(2, Math.ceil(longest))), (millis) => Effect.sleep(millis))

const monotonicMillis = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos / 1_000_000n))
