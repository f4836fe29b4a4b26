/**
 * What a history of a million stories is asked, whatever database it is in.
 */
import { Effect } from "effect"
import type { History as HistoryModule } from "../../src/history/index.js"

const millisOfDay = 86_400_000

export interface Query {
  readonly name: string
  readonly bar: number
  readonly run: Effect.Effect<unknown, unknown, Service>
}

type Service = Effect.Effect.Context<ReturnType<typeof HistoryModule.failures>>

/** `begin`: when the 30 days of the stories began. `rare`: a name that few stories have. */
export const queriesOf = (
  History: typeof HistoryModule,
  { begin, rare, someId }: { readonly begin: number; readonly rare: string; readonly someId: string }
): ReadonlyArray<Query> => {
  const day = (n: number) => new Date(begin + n * millisOfDay).toISOString()
  return [
    { name: "failures, the last 10", bar: 20, run: History.failures() },
    { name: "failures, the last 100", bar: 20, run: History.failures({ last: 100 }) },
    { name: "failures of a story and a stage", bar: 20, run: History.failures({ story: "Import A", stage: "Enrich" }) },
    { name: "failures of a rare story", bar: 20, run: History.failures({ story: rare }) },
    { name: "failures of a story that has none", bar: 20, run: History.failures({ story: "Nobody" }) },
    {
      name: "failures of an error type, three weeks ago",
      bar: 20,
      run: History.failures({ errorType: "ParseError", since: day(7), until: day(9) })
    },
    {
      name: "failures of a fingerprint",
      bar: 20,
      run: Effect.flatMap(History.failures(), ([first]) => History.failures({ fingerprint: first?.fingerprint ?? "" }))
    },
    { name: "story, by a beginning of its id", bar: 20, run: History.story(someId.slice(0, 20)) },
    { name: "story, whose beginning is ambiguous", bar: 20, run: Effect.flip(History.story(someId.slice(0, 3))) },
    { name: "stories, the first page", bar: 20, run: History.stories() },
    { name: "stories, a page three weeks ago", bar: 20, run: History.stories({ until: day(9) }) },
    { name: "stories that failed", bar: 20, run: History.stories({ status: "failed" }) },
    {
      name: "stories of a name that timed out or failed",
      bar: 20,
      run: History.stories({ name: "Import B", status: ["timeout", "failed"] })
    },
    { name: "stories of a rare name", bar: 20, run: History.stories({ name: rare }) },
    { name: "stories with a label", bar: 20, run: History.stories({ labels: { region: "west" } }) },
    {
      name: "stories with a label, that timed out",
      bar: 20,
      run: History.stories({ labels: { region: "west" }, status: "timeout" })
    },
    {
      name: "stories with a label that no story has",
      bar: 20,
      run: History.stories({ labels: { region: "nowhere" } })
    },
    { name: "stats of a day", bar: 200, run: History.stats({ since: day(15), until: day(16) }) },
    {
      name: "stats of a day, one story",
      bar: 200,
      run: History.stats({ since: day(15), until: day(16), story: "Import C" })
    },
    {
      name: "500 events, followed from the end",
      bar: 20,
      run: Effect.flatMap(History.cursor, (cursor) => History.changes(cursor - 500))
    }
  ]
}
