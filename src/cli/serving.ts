/**
 * What `narrative serve` does.
 */
import { createServer } from "node:http"
import * as HttpServer from "@effect/platform/HttpServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Dashboard from "../dashboard/Dashboard.js"
import { InvalidOption } from "../plain/InvalidOption.js"
import * as browser from "../renderer/html/browser.js"
import { Output } from "./output.js"
import { checkUrl } from "./runPlace.js"
import * as shortDuration from "./shortDuration.js"

export interface ServeOptions {
  readonly host: string
  readonly port: number
  readonly token: Option.Option<string>
  readonly allow: ReadonlyArray<string>
  readonly baseDir: string
  /** The URL of a server, instead. */
  readonly db: Option.Option<string>
  readonly open: boolean
  /** A duration, or `never`. */
  readonly sweepEvery: Option.Option<string>
  readonly staleAfter: Option.Option<string>
}

/** The option that a setting comes from. */
const optionOf = (setting: string): string =>
  setting.startsWith("postgres") ? "--db" : `--${setting.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

class CannotListen extends Data.TaggedError("CannotListen")<{ readonly message: string }> {}

export const serve = ({ allow, baseDir, db, host, open, port, staleAfter, sweepEvery, token }: ServeOptions) =>
  Effect.scoped(
    Effect.gen(function* () {
      if (port < 0 || port > 65_535) {
        return yield* new InvalidOption({
          setting: "--port",
          expected: "a whole number from 0 to 65535",
          given: String(port)
        })
      }
      if (Option.isSome(db)) yield* checkUrl(db.value)
      const isNever = Option.contains(sweepEvery, "never")
      const every = isNever ? Number.POSITIVE_INFINITY : yield* shortDuration.read("--sweep-every", sweepEvery)
      const after = yield* shortDuration.read("--stale-after", staleAfter)
      const server = NodeHttpServer.layer(createServer, { host, port })
      const dashboard = Dashboard.layer({
        baseDir,
        postgres: Option.getOrUndefined(Option.map(db, (url) => ({ url }))),
        allowedHosts: [...allow, host],
        sweepEvery: every,
        staleAfter: after,
        token: Option.getOrUndefined(Option.map(token, Redacted.make))
      })
      const context = yield* Layer.build(Layer.provideMerge(dashboard, server)).pipe(
        Effect.catchTags({
          ServeError: ({ cause }) =>
            new CannotListen({ message: `cannot listen on ${host}:${port}: ${String(cause)}` }),
          InvalidOption: ({ expected, given, setting }) =>
            new InvalidOption({ setting: optionOf(setting), expected, given })
        })
      )
      const { address } = Context.get(context, HttpServer.HttpServer)
      const { note } = yield* Output
      const url = HttpServer.formatAddress(address)
      yield* note(`Serving the runs of ${Option.getOrElse(db, () => baseDir)} on ${url}`)
      // Without the token, which the arguments of a browser would show to others; the page asks for it.
      if (open) yield* browser.openUrl(url, process.env)
      return yield* Effect.never
    })
  )
