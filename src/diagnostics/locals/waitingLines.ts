/**
 * At which line a generator waits that nothing will resume any more, asked of the generator itself: without an inspector, on every
 * V8 (in Bun, whose engine leaves who asks out of the stack, no line is found).
 *
 * A generator that waits in `yield* effect` hands what is thrown into it to the iterator of that effect, and goes on waiting
 * where the iterator answers and throws nothing: none of the program's own code runs. While it answers, the generator is on
 * the stack, and so is each one that it waits for in turn.
 * https://tc39.es/ecma262/#sec-generator-function-definitions-runtime-semantics-evaluation (`yield *`)
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { attempt, stackOf } from "../../plain/untrusted.js"
import { definedBy } from "../source/callSite.js"

interface IteratorPrototype {
  throw: (error: unknown) => unknown
}

/** Of the iterators that Effect's effects give: two modules of Effect 3.22 have one each. */
const prototypes = (): ReadonlyArray<IteratorPrototype> => [
  Object.getPrototypeOf(Effect.void[Symbol.iterator]()),
  Object.getPrototypeOf(Option.none()[Symbol.iterator]())
]

/** Most frames of a generator and of those that it waits for, with the engine's between them. */
const maxFrames = 20

/** What is thrown. Only where an iterator is none of Effect's it gets into a program's hands. */
const question = Object.freeze({ _tag: "WhereItWaits" })

/** The frames of each generator as lines of a stack, the innermost first; none of what does not wait for an effect. */
export const linesOf = (generators: ReadonlyArray<object>): ReadonlyArray<ReadonlyArray<string>> => {
  const patched = prototypes().map((on) => ({ on, original: on.throw }))
  let here: { readonly stack?: string } = {}
  const answer = () => {
    here = definedBy(answer, maxFrames) ?? {}
    return { done: false, value: undefined }
  }
  try {
    for (const { on } of patched) on.throw = answer
    return generators.map((generator) => {
      here = {}
      attempt(() => asking[end](generator), undefined)
      return framesIn(stackOf(here) ?? "")
    })
  } finally {
    for (const { on, original } of patched) on.throw = original
  }
}

/** That of every generator of the language: what only looks like one may do anything. */
const { throw: resume } = Object.getPrototypeOf(Object.getPrototypeOf((function* () {})())) as IteratorPrototype

/** What the function is called that asks, also where names are minified: what is behind it in a stack is not the generator's. */
const end = "the end of the generator"

const asking = {
  [end](generator: object): unknown {
    return Reflect.apply(resume, generator, [question])
  }
}

const framesIn = (stack: string): ReadonlyArray<string> => {
  const lines = stack.split("\n")
  const last = lines.findIndex((line) => line.includes(end))
  return lines.slice(0, Math.max(0, last)).filter((line) => frame.test(line) && !ofEngine.test(line))
}

const frame = /^\s*at /
const ofEngine = /\((?:<anonymous>|native)\)$/
