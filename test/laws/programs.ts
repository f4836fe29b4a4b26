/**
 * Random programs, each as it is and as a story: what every law is tried on.
 */
import { Data, Effect, Fiber, FastCheck as fc } from "effect"
import { Narrative } from "../../src/index.js"

export class Failure extends Data.TaggedError("Failure")<{ readonly at: string }> {}

export type Program =
  | { readonly _tag: "Succeed"; readonly value: number }
  | { readonly _tag: "Fail" | "Die" | "FailText"; readonly at: string }
  | { readonly _tag: "Throw" | "Yield" | "Interrupt" | "Speak" }
  | { readonly _tag: "Stage" | "Story" | "Fn"; readonly name: string; readonly body: Program }
  | { readonly _tag: "Caught" | "Uninterruptible" | "Forked" | "Finalized" | "Generator"; readonly body: Program }
  | { readonly _tag: "InOrder" | "AtOnce" | "Raced"; readonly parts: ReadonlyArray<Program> }

const name = fc.constantFrom("Load", "Validate", "Insert", "Report")

type Concurrency = Extract<Program, { readonly parts: unknown }>["_tag"]

const programs = (...concurrency: ReadonlyArray<Concurrency>): fc.Arbitrary<Program> =>
  fc.letrec<{ program: Program }>((tie) => ({
    program: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      fc.oneof(
        fc.record({ _tag: fc.constant("Succeed" as const), value: fc.integer() }),
        fc.record({ _tag: fc.constantFrom("Fail" as const, "Die" as const, "FailText" as const), at: fc.string() }),
        fc.record({
          _tag: fc.constantFrom("Throw" as const, "Yield" as const, "Interrupt" as const, "Speak" as const)
        })
      ),
      fc.record({
        _tag: fc.constantFrom("Stage" as const, "Stage" as const, "Story" as const, "Fn" as const),
        name,
        body: tie("program")
      }),
      fc.record({
        _tag: fc.constantFrom(
          "Caught" as const,
          "Uninterruptible" as const,
          "Forked" as const,
          "Finalized" as const,
          "Generator" as const
        ),
        body: tie("program")
      }),
      fc.record({
        _tag: fc.constantFrom(...concurrency),
        parts: fc.array(tie("program"), { minLength: 1, maxLength: 3 })
      })
    )
  })).program

export const program = programs("InOrder", "AtOnce", "Raced")

/** Without races: who wins one depends on how long things take, and a renderer that makes wait takes long. */
export const programWithoutRaces = programs("InOrder", "AtOnce")

/** What `Stage`, `Story` and the like stand for. */
interface Telling {
  readonly stage: <A, E>(self: Effect.Effect<A, E>, name: string) => Effect.Effect<A, E>
  readonly story: <A, E>(self: Effect.Effect<A, E>, name: string) => Effect.Effect<A, E>
  readonly fn: <A, E>(self: Effect.Effect<A, E>, name: string) => Effect.Effect<A, E>
  readonly speak: Effect.Effect<void>
}

export const narrated: Telling = {
  stage: (self, name) => Narrative.stage(self, name),
  story: (self, name) => Narrative.story(self, name),
  fn: (self, name) =>
    Narrative.fn(name)(function* () {
      return yield* self
    })(),
  speak: Effect.all([Narrative.note("note", 1), Narrative.progress(1, 2), Narrative.annotate("key", "value")], {
    discard: true
  })
}

/** The same program without a word. */
export const bare: Telling = {
  stage: (self) => self,
  story: (self) => self,
  fn: (self) => self,
  speak: Effect.void
}

/**
 * All at once. Not by `Effect.all` or `Fiber.all`: in Effect 3.22 they hang for good when their fiber is interrupted at
 * a certain one of their operations, with or without narration.
 */
export const atOnce = <A, E>(parts: ReadonlyArray<Effect.Effect<A, E>>): Effect.Effect<ReadonlyArray<A>, E> =>
  Effect.flatMap(
    Effect.forEach(parts, (part) => Effect.fork(part)),
    (fibers) => Effect.forEach(fibers, Fiber.join)
  )

const thrown = new RangeError("thrown")

export const interpret = (self: Program, recording: Telling): Effect.Effect<unknown, unknown> => {
  switch (self._tag) {
    case "Succeed":
      return Effect.succeed(self.value)
    case "Fail":
      return Effect.fail(new Failure({ at: self.at }))
    case "FailText":
      return Effect.fail(self.at)
    case "Die":
      return Effect.die(self.at)
    case "Throw":
      return Effect.sync(() => {
        throw thrown
      })
    case "Yield":
      return Effect.yieldNow()
    case "Interrupt":
      return Effect.interrupt
    case "Speak":
      return recording.speak
    case "Stage":
      return recording.stage(interpret(self.body, recording), self.name)
    case "Story":
      return recording.story(interpret(self.body, recording), self.name)
    case "Fn":
      return recording.fn(interpret(self.body, recording), self.name)
    case "Caught":
      return Effect.catchAll(interpret(self.body, recording), (error) => Effect.succeed(error))
    case "Uninterruptible":
      return Effect.uninterruptible(interpret(self.body, recording))
    case "Forked":
      return Effect.flatMap(Effect.fork(interpret(self.body, recording)), (fiber) => fiber.await)
    case "Generator":
      return Effect.gen(function* () {
        const value = yield* interpret(self.body, recording)
        return value
      })
    case "Finalized":
      return Effect.ensuring(
        interpret(self.body, recording),
        Effect.ignore(recording.stage(Effect.yieldNow(), "Clean Up"))
      )
    case "InOrder":
      return Effect.forEach(self.parts, (part) => interpret(part, recording))
    case "AtOnce":
      return atOnce(self.parts.map((part) => interpret(part, recording)))
    case "Raced":
      return Effect.raceAll(self.parts.map((part) => interpret(part, recording)))
  }
}
