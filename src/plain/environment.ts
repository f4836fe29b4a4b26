/**
 * The variables of the process's environment, where a runtime may refuse each of them (Deno without `--allow-env`): one
 * that may not be read is one that is not set.
 */
import { attempt } from "./untrusted.js"

export type Environment = Readonly<Record<string, string | undefined>>

/** Read when it is asked, so that it is always the one of now. */
export const environment: Environment = /* @__PURE__ */ new Proxy<Environment>(
  {},
  {
    get: (_, name) => read(name),
    has: (_, name) => read(name) !== undefined,
    ownKeys: () => attempt(() => Reflect.ownKeys(process.env), []),
    getOwnPropertyDescriptor: (_, name) => {
      const value = read(name)
      return value === undefined ? undefined : { value, configurable: true, enumerable: true }
    }
  }
)

const read = (name: string | symbol): string | undefined =>
  typeof name === "string" ? attempt(() => process.env[name], undefined) : undefined
