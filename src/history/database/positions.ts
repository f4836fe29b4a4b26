/**
 * Numbers that a history on PostgreSQL gives itself: keys of stories, by which partitions are made, and positions of events, of
 * which a reader misses none. Those of SQLite are counted by the database, which has one writer at a time.
 */

/**
 * How many events of one transaction have a position. A position is the number of the transaction, counted from when the
 * history was made, and of the event within it: it stays below 2^53 for 2^41 transactions of the server.
 */
export const eventsInTransaction = 4_096

/**
 * Below it, every position is taken and committed, or never will be: no transaction that could still write one is open. A
 * cursor that only takes positions below never skips an event that is committed late.
 */
export const settledPositions = `(SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint - o.xact) * ${eventsInTransaction} FROM event_origin AS o)`

/**
 * Positions go on after those that are there also where a server counts its transactions from the beginning: the schema was
 * restored into another one. None that is visible is of a transaction after this snapshot, unless that is so.
 */
export const goOnAfterRestore = `UPDATE event_origin
  SET xact = pg_snapshot_xmin(pg_current_snapshot())::text::bigint - newest.position / ${eventsInTransaction} - 1
  FROM (SELECT COALESCE(max(id), 0) AS position FROM events) AS newest
  WHERE (pg_snapshot_xmax(pg_current_snapshot())::text::bigint - xact) * ${eventsInTransaction} <= newest.position`

/** Bits of a story's key below those of the day on which it started, in UTC: `events` and `stages` are partitioned by it. */
const keyBits = 37
const millisOfDay = 86_400_000
/** The last day that a key below 2^53 has room for, in 2149. */
export const lastDay = 65_535

/** The day of a moment as `time` writes it, counted from 1970. */
export const dayOf = (time: string): number => {
  const day = Math.floor(Date.parse(time) / millisOfDay)
  return Number.isFinite(day) ? Math.min(Math.max(0, day), lastDay) : 0
}

/** The least key of a story that started on a day. */
export const firstKeyOf = (day: number): number => day * 2 ** keyBits

/** The order in which stories were inserted, whatever their days. */
export const ordinalOf = (key: number): number => key % 2 ** keyBits
