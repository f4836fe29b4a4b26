import { spawn } from "node:child_process"
import { hostname } from "node:os"
import * as FileSystem from "@effect/platform/FileSystem"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, type Scope, TestClock } from "effect"
import * as fileLock from "../../src/file/fileLock.js"
import * as lockOwner from "../../src/file/lockOwner.js"

const inFolder = <A, E>(
  test: (path: string, fs: FileSystem.FileSystem) => Effect.Effect<A, E, FileSystem.FileSystem | Scope.Scope>
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return yield* test(`${yield* fs.makeTempDirectoryScoped()}/narrative.log`, fs)
  }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))

const lockOf = (path: string) => fileLock.make(path, Duration.seconds(10))

const lockFolder = (path: string) => path.replace("narrative.log", ".narrative.log.lock")

/** As the owner of a name leaves a lock when it is killed. */
const leaveLock = (fs: FileSystem.FileSystem, path: string, owner: string) =>
  Effect.zipRight(fs.makeDirectory(lockFolder(path)), fs.writeFileString(`${lockFolder(path)}/${owner}`, ""))

/** The id of a process that ended, and was waited for. */
const endedPid = Effect.async<number>((resume) => {
  const child = spawn(process.execPath, ["-e", "0"], { stdio: "ignore" })
  child.once("close", () => resume(Effect.succeed(child.pid ?? 0)))
})

describe("A lock", () => {
  it.live("lets one in at a time, of owners and of the fibers of one", () =>
    inFolder((path) =>
      Effect.gen(function* () {
        const locks = yield* Effect.all([lockOf(path), lockOf(path), lockOf(path)])
        let inside = 0
        let most = 0
        let entered = 0
        const enter = (lock: fileLock.FileLock) =>
          lock.hold(() =>
            Effect.gen(function* () {
              inside += 1
              most = Math.max(most, inside)
              entered += 1
              yield* Effect.sleep("1 millis")
              inside -= 1
            })
          )
        yield* Effect.forEach(
          [...locks, ...locks].flatMap((lock) => Array.from({ length: 8 }, () => lock)),
          enter,
          { concurrency: "unbounded", discard: true }
        )
        assert.deepStrictEqual([entered, most], [48, 1])
      })
    )
  )

  it.live("is let go of when its holder fails or is interrupted", () =>
    inFolder((path) =>
      Effect.gen(function* () {
        const [one, other] = yield* Effect.all([lockOf(path), lockOf(path)])
        assert.isTrue(Exit.isFailure(yield* Effect.exit(one.hold(() => Effect.fail("no")))))
        const inside = yield* Deferred.make<void>()
        const holder = yield* one
          .hold(() => Effect.zipRight(Deferred.succeed(inside, undefined), Effect.interruptible(Effect.never)))
          .pipe(Effect.fork)
        yield* Deferred.await(inside)
        yield* Fiber.interrupt(holder)
        assert.strictEqual(yield* other.hold(() => Effect.succeed(1)), 1)
      })
    )
  )

  it.live("can be waited for in vain by a fiber that is interrupted, which does not get it later", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        const [one, other] = yield* Effect.all([lockOf(path), lockOf(path)])
        yield* one.hold(() =>
          Effect.gen(function* () {
            const waiting = yield* Effect.forkDaemon(
              Effect.interruptible(other.hold(() => Effect.die("it must not get it")))
            )
            yield* Effect.sleep("20 millis")
            yield* Fiber.interrupt(waiting)
          })
        )
        assert.isFalse(yield* fs.exists(lockFolder(path)))
      })
    )
  )

  for (const [what, ownerOf] of Object.entries({
    "a process that ended": (own: string, ended: number) => own.replace(/^\d+/, `${ended}`),
    "a process whose id is another's by now": (own: string) => own.replace(/^(\d+-\d+)-\d+/, "$1-1")
  })) {
    it.live(`is taken at once from ${what}`, () =>
      inFolder((path, fs) =>
        Effect.gen(function* () {
          const own = lockOwner.make()
          yield* leaveLock(fs, path, ownerOf(own, yield* endedPid))
          const lock = yield* lockOf(path)
          const [took] = yield* Effect.timed(lock.hold(() => Effect.void))
          assert.isBelow(Duration.toMillis(took), 4_500)
        })
      )
    )
  }

  for (const [what, ownerOf] of Object.entries({
    "another machine": (own: string) => own.replace(/-[0-9a-f]{12}-/, "-0123456789ab-"),
    "a thread that may have ended": (own: string) => own.replace(/^(\d+)-0/, "$1-7"),
    "no user we know": () => `lock of ${hostname()}`
  })) {
    it.effect(`is taken from ${what} after five seconds in which nothing changed`, () =>
      inFolder((path, fs) =>
        Effect.gen(function* () {
          yield* leaveLock(fs, path, ownerOf(lockOwner.make()))
          const lock = yield* lockOf(path)
          const fiber = yield* Effect.fork(lock.hold(() => Effect.succeed("mine")))
          const turn = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 2)))
          const pass = (steps: number) =>
            Effect.repeatN(Effect.zipRight(TestClock.adjust("100 millis"), turn), steps - 1)
          yield* pass(45)
          assert.isNull(fiber.unsafePoll())
          yield* Effect.repeat(pass(1), { until: () => fiber.unsafePoll() !== null })
          assert.strictEqual(yield* Fiber.join(fiber), "mine")
        })
      )
    )
  }

  it.live("is never taken from a process that lives, and is waited for only once while that hangs", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        const own = lockOwner.make()
        yield* leaveLock(fs, path, own)
        const lock = yield* fileLock.make(path, Duration.seconds(1))
        const [first, error] = yield* Effect.timed(Effect.flip(lock.hold(() => Effect.void)))
        assert(error._tag === "LockHeld")
        assert.strictEqual(error.owner, own)
        assert.isAtLeast(Duration.toMillis(first), 1_000)
        const [second] = yield* Effect.timed(Effect.flip(lock.hold(() => Effect.void)))
        assert.isBelow(Duration.toMillis(second), 900)
        yield* fs.remove(lockFolder(path), { recursive: true })
        assert.strictEqual(yield* lock.hold(() => Effect.succeed(1)), 1)
      })
    )
  )

  it.live("survives the removal of its folder, while it is held and while it is not", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        const folder = path.replace(/\/[^/]*$/, "")
        const lock = yield* lockOf(path)
        yield* fs.remove(folder, { recursive: true })
        yield* lock.hold(() => fs.remove(folder, { recursive: true }))
        assert.strictEqual(yield* lock.hold(() => Effect.succeed(1)), 1)
      })
    )
  )

  it.live("leaves nothing behind, and removes what killed owners left", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        const dead = lockOwner.make().replace(/^\d+/, `${yield* endedPid}`)
        yield* fs.makeDirectory(fileLock.besideOf(path, dead))
        yield* fs.writeFileString(`${fileLock.besideOf(path, dead)}.gz`, "half of it")
        yield* fs.writeFileString(fileLock.besideOf(path, "notes"), "somebody else's")
        yield* Effect.scoped(Effect.flatMap(lockOf(path), (lock) => lock.hold(() => Effect.void)))
        assert.deepStrictEqual(yield* fs.readDirectory(path.replace(/\/[^/]*$/, "")), [".narrative.log.notes"])
      })
    )
  )

  it.live("removes what an owner of whom nothing is known left an hour ago, and leaves what is younger", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        const here = lockOwner.make()
        const [older, younger] = ["0123456789ab", "abcdef012345"].map((space) =>
          fileLock.besideOf(path, here.replace(/-[0-9a-f]{12}-/, `-${space}-`))
        ) as [string, string]
        for (const left of [older, younger]) yield* fs.makeDirectory(left)
        const hoursAgo = new Date(Date.now() - 2 * 3_600_000)
        yield* fs.utimes(older, hoursAgo, hoursAgo)
        yield* Effect.scoped(lockOf(path))
        assert.deepStrictEqual([yield* fs.exists(older), yield* fs.exists(younger)], [false, true])
      })
    )
  )

  it.live("says at once why there can be none", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        yield* fs.writeFileString(path, "a file")
        const error = yield* Effect.flip(Effect.scoped(lockOf(`${path}/below.log`)))
        assert.strictEqual(error._tag, "SystemError")
      })
    )
  )
})
