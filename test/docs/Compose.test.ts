import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { get } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Schema } from "effect"
import { parse } from "yaml"
import { run } from "../../src/cli/narrativeCommand.js"
import * as Output from "../../src/cli/output.js"
import { withVariables } from "../fixtures/environment.js"
import * as postgres from "../fixtures/postgres.js"
import { promtool } from "../monitoring/Promtool.js"
import { root } from "./ChildProgram.js"

const Text = Schema.Record({ key: Schema.String, value: Schema.String })
const Names = Schema.Array(Schema.String)

const Service = Schema.Struct({
  command: Schema.optionalWith(Names, { default: () => [] }),
  environment: Schema.optionalWith(Text, { default: () => ({}) }),
  ports: Schema.optionalWith(Names, { default: () => [] }),
  volumes: Schema.optionalWith(Names, { default: () => [] }),
  depends_on: Schema.optionalWith(Schema.Union(Names, Schema.Record({ key: Schema.String, value: Schema.Unknown })), {
    default: () => []
  }),
  configs: Schema.optionalWith(Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String })), {
    default: () => []
  })
})

const Compose = Schema.Struct({
  services: Schema.Struct({ postgres: Service, server: Service, exporter: Service, prometheus: Service }),
  configs: Schema.Record({ key: Schema.String, value: Schema.Struct({ content: Schema.String }) }),
  volumes: Schema.Record({ key: Schema.String, value: Schema.Unknown })
})

const Prometheus = Schema.Struct({
  scrape_configs: Schema.Array(
    Schema.Struct({
      job_name: Schema.String,
      authorization: Schema.optional(Schema.Struct({ credentials: Schema.String })),
      static_configs: Schema.Array(Schema.Struct({ targets: Names }))
    })
  )
})

const text = readFileSync(join(root, "docs/postgresql/docker-compose.yml"), "utf8")
const page = readFileSync(join(root, "docs/postgresql.md"), "utf8")

/** What Compose puts in for variables: https://docs.docker.com/reference/compose-file/interpolation */
const variable = /\$\{(\w+):\?[^}]*\}/g

const values: Readonly<Record<string, string>> = { PGPASSWORD: "pass-7", TELEMETRY_API_TOKEN: "token-7" }

const { configs, services, volumes } = Schema.decodeUnknownSync(Compose)(
  parse(text.replaceAll(variable, (_, name: string) => values[name] ?? assert.fail(`a value of ${name}`)))
)
const scraped = Schema.decodeUnknownSync(Prometheus)(parse(configs["prometheus"]?.content ?? ""))

const everyService = Object.entries(services)

const server = postgres.ofFile()

/** Serves for as long as the scope is open; its port. */
const served = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const said = yield* Deferred.make<string>()
    const write = (line: string) => Deferred.unsafeDone(said, Effect.succeed(line))
    const output = Output.make({ stdout: { write }, stderr: { write } }, {}, process.cwd())
    yield* Effect.forkScoped(Effect.provideService(run(["node", ...args]), Output.Output, output))
    const line = yield* Deferred.await(said)
    return Number(/:(\d+)\s*$/.exec(line)?.[1] ?? assert.fail(line))
  })

/** As Prometheus asks. */
const accept =
  "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"

const ask = (port: number, host: string, token: string) =>
  Effect.async<{ readonly status: number | undefined; readonly body: string }>((resume) => {
    const headers = { host, accept, authorization: `Bearer ${token}` }
    get({ host: "127.0.0.1", port, path: "/metrics", headers, agent: false }, (response) => {
      let body = ""
      response.on("data", (data: Buffer) => (body += data.toString()))
      response.on("end", () => resume(Effect.succeed({ status: response.statusCode, body })))
    })
  })

describe("The compose file for PostgreSQL", () => {
  it("takes no other variables than those that the page gives values of", () => {
    const names = new Set(Array.from(text.matchAll(variable), ([, name]) => name))
    assert.sameMembers(Array.from(names), Object.keys(values))
    for (const name of names) assert.match(page, new RegExp(`${name}=\\S+ .*docker compose up`))
    assert.notMatch(text.replaceAll(variable, ""), /\$/)
  })

  it("names only what it declares, and is reached from this machine alone", () => {
    for (const [name, service] of everyService) {
      const needed = Array.isArray(service.depends_on) ? service.depends_on : Object.keys(service.depends_on)
      for (const one of needed) assert.property(services, one, name)
      for (const { source } of service.configs) assert.property(configs, source, name)
      for (const volume of service.volumes) assert.property(volumes, volume.split(":")[0] ?? "", name)
      for (const port of service.ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/, name)
    }
  })

  it.scoped("has a configuration that Prometheus takes, which asks every service that has figures", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "narrative-compose-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
      )
      writeFileSync(join(folder, "prometheus.yml"), configs["prometheus"]?.content ?? "")
      const { exitCode, output } = yield* promtool(folder, "check", "config", "prometheus.yml")
      assert.strictEqual(exitCode, 0, output)
      assert.deepStrictEqual(
        scraped.scrape_configs.flatMap((job) => job.static_configs.flatMap(({ targets }) => targets)),
        ["exporter:9187", "server:8765"]
      )
      assert.strictEqual(services.prometheus.configs[0]?.target, "/etc/prometheus/prometheus.yml")
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scopedLive("starts a server that Prometheus can ask, by its name and with its token", () =>
    Effect.gen(function* () {
      const { port, rows } = yield* server
      const user = services.postgres.environment
      assert.deepStrictEqual(user, {
        POSTGRES_USER: "narrative",
        POSTGRES_PASSWORD: "pass-7",
        POSTGRES_DB: "narrative"
      })
      yield* rows(`CREATE ROLE ${user["POSTGRES_USER"]} LOGIN SUPERUSER PASSWORD '${user["POSTGRES_PASSWORD"]}'`)
      const { command, environment } = services.server
      const theirs = `--db=postgres://${user["POSTGRES_USER"]}@postgres:5432/${user["POSTGRES_DB"]}`
      assert.includeMembers([...command], [theirs, "--port=8765"])
      // As it is but for where the servers are.
      const places: Readonly<Record<string, string>> = {
        [theirs]: `--db=postgres://narrative@127.0.0.1:${port}/postgres?schema=${postgres.freshSchema()}`,
        "--port=8765": "--port=0"
      }
      yield* withVariables(environment)
      const own = yield* served(command.map((argument) => places[argument] ?? argument))
      const job = scraped.scrape_configs.find(({ job_name }) => job_name === "runs")
      const host = job?.static_configs[0]?.targets[0] ?? ""
      const token = job?.authorization?.credentials ?? ""
      const metrics = yield* ask(own, host, token)
      assert.strictEqual(metrics.status, 200, metrics.body)
      assert.match(metrics.body, /^# TYPE /m)
      assert.strictEqual((yield* ask(own, host, "another")).status, 401)
      assert.notStrictEqual((yield* ask(own, "another:8765", token)).status, 200)
    })
  )
})
