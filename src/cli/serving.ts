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
import { InvalidOption } from "../plain/InvalidOption.js"
import * as RunServer from "../server/RunServer.js"
import { Output } from "./output.js"

export interface ServeOptions {
  readonly host: string
  readonly port: number
  readonly token: Option.Option<string>
  readonly allow: ReadonlyArray<string>
  readonly baseDir: string
}

class CannotListen extends Data.TaggedError("CannotListen")<{ readonly message: string }> {}

export const serve = ({ allow, baseDir, host, port, token }: ServeOptions) =>
  Effect.scoped(
    Effect.gen(function* () {
      if (port < 0 || port > 65_535) {
        return yield* new InvalidOption({
          setting: "--port",
          expected: "a whole number from 0 to 65535",
          given: String(port)
        })
      }
      const server = NodeHttpServer.layer(createServer, { host, port })
      const runs = RunServer.layer({
        baseDir,
        allowedHosts: [...allow, host],
        token: Option.getOrUndefined(Option.map(token, Redacted.make))
      })
      const context = yield* Layer.build(Layer.provideMerge(runs, server)).pipe(
        Effect.catchTags({
          ServeError: ({ cause }) =>
            new CannotListen({ message: `cannot listen on ${host}:${port}: ${String(cause)}` }),
          InvalidOption: ({ expected, given, setting }) =>
            new InvalidOption({ setting: `--${setting}`, expected, given })
        })
      )
      const { address } = Context.get(context, HttpServer.HttpServer)
      const { note } = yield* Output
      yield* note(`Serving the runs of ${baseDir} on ${HttpServer.formatAddress(address)}`)
      return yield* Effect.never
    })
  )
