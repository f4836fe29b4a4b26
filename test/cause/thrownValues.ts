/**
 * Anything a program can throw, the nasty things included.
 */
import { runInNewContext } from "node:vm"
import { Cause, FastCheck as fc } from "effect"

const refuse = (): never => {
  throw new Error("a trap was sprung")
}

const everyTrap: ProxyHandler<object> = {
  get: refuse,
  has: refuse,
  ownKeys: refuse,
  getPrototypeOf: refuse,
  getOwnPropertyDescriptor: refuse
}

const withGetter = (name: string, get: () => unknown): Error =>
  Object.defineProperty(new Error("fine"), name, { get, enumerable: true })

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable([], {})
  revoke()
  return proxy
}

const cyclic = (): Error => {
  const first = new Error("first")
  first.cause = new Error("second", { cause: first })
  return first
}

// Answers every question with itself: its tag, its message, its cause.
const narcissist = (): object => new Proxy({}, { get: (_target, _key, self) => self, has: () => true })

/** An error with `depth` causes below it. */
export const deepError = (depth: number): Error => {
  let error = new Error("root")
  for (let i = 0; i < depth; i++) error = new Error(`level ${i}`, { cause: error })
  return error
}

const hostile: fc.Arbitrary<() => unknown> = fc.oneof(
  fc
    .record({
      name: fc.constantFrom("name", "message", "stack", "cause", "_tag", "errors"),
      get: fc.constantFrom<() => unknown>(
        refuse,
        () => Symbol("not a text"),
        () => new Proxy({}, everyTrap),
        () => null
      )
    })
    .map(
      ({ get, name }) =>
        () =>
          withGetter(name, get)
    ),
  fc.constantFrom<() => unknown>(
    () => new Proxy({}, everyTrap),
    () => new Proxy(new Error("inside"), everyTrap),
    () => new Proxy(refuse, everyTrap),
    narcissist,
    revoked,
    cyclic,
    () => Object.freeze(new Error("frozen")),
    () => Object.create(null),
    () => Object.setPrototypeOf(new Error("no prototype"), null),
    () => runInNewContext("new TypeError('another realm')"),
    () => ({ toString: refuse, toJSON: refuse }),
    () => ({ _tag: "StageGroupError", failures: new Proxy({}, everyTrap) }),
    () => ({ _tag: "StageGroupError", failures: { a: Cause.fail("x"), b: 1 } }),
    () => new Error("x".repeat(1_000_000)),
    () => Object.assign(new Error("m"), { stack: `${"    at \n".repeat(5_000)}    at (((:1:1` }),
    () => Object.assign(new Error("m"), { stack: "Error: m\n    at f (file:///%E0%A4%A.js:1:1)\n    at /\0:1:1" }),
    () => new AggregateError([new Error("a")], "many"),
    () => deepError(100),
    () => refuse
  )
)

/** Anything at all, made when asked for: FastCheck itself would trip over some of it. */
export const thrownValue: fc.Arbitrary<() => unknown> = fc.oneof(
  { weight: 2, arbitrary: hostile },
  {
    weight: 1,
    arbitrary: fc
      .anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true })
      .map((value) => () => value)
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.string(), hostile).map(
      ([message, cause]) =>
        () =>
          new Error(message, { cause: cause() })
    )
  }
)
