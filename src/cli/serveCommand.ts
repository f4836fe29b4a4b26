/**
 * `narrative serve`: the dashboard and the HTTP API of the runs of a folder.
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import { needing } from "./missingPackage.js"
import { baseDir, db } from "./runsCommand.js"

const host = Options.text("host").pipe(
  Options.withPseudoName("address"),
  Options.withDescription("The address to listen on. Default 127.0.0.1; any other one needs a token."),
  Options.withDefault("127.0.0.1")
)

const port = Options.integer("port").pipe(
  Options.withPseudoName("number"),
  Options.withDescription("The port to listen on. Default 8765; 0 for any that is free."),
  Options.withDefault(8_765)
)

const token = Options.text("token").pipe(
  Options.withPseudoName("text"),
  Options.withDescription(
    "What callers have to send as bearer token. Rather set TELEMETRY_API_TOKEN: arguments are seen by others."
  ),
  Options.withFallbackConfig(Config.nonEmptyString("TELEMETRY_API_TOKEN")),
  Options.optional
)

const allow = Options.text("allow-host").pipe(
  Options.withPseudoName("name"),
  Options.withDescription(
    "A host name that callers may ask for, besides this machine's own. May be given more than once."
  ),
  Options.repeated
)

const sweepEvery = Options.text("sweep-every").pipe(
  Options.withPseudoName("duration"),
  Options.withDescription("How often stale runs are ended, such as 10m, the default; never: not at all."),
  Options.optional
)

const staleAfter = Options.text("stale-after").pipe(
  Options.withPseudoName("duration"),
  Options.withDescription(
    "How long a run of another machine may be silent, such as 1h, until it is stale. Without it such runs are left as they are."
  ),
  Options.optional
)

const open = Options.boolean("open").pipe(Options.withDescription("Show the dashboard in the browser."))

const serving = needing(() => import("./serving.js"))

export const command = Command.make(
  "serve",
  { host, port, token, allow, open, sweepEvery, staleAfter, baseDir, db },
  (given) => Effect.flatMap(serving, ({ serve }) => serve(given))
).pipe(Command.withDescription("Serves the dashboard and the HTTP API of runs, until it is stopped."))
