/**
 * What the services of the example share: where they record, and how each says that it listens.
 */
export const historyFile = `${process.env["NARRATIVE_DIR"] ?? ".narrative"}/distributed.db`

/** What a service says to whoever started it. */
export interface Ready {
  readonly port: number
}

export const ready = (port: number): void => {
  process.send?.({ port } satisfies Ready)
}

/** Where another service is. */
export const portOf = (name: string): string => {
  const port = process.env[`${name}_PORT`]
  if (port === undefined) throw new Error(`${name}_PORT is not set`)
  return port
}

/** When whoever started the service lets go of it. */
export const released: Promise<void> = new Promise((resolve) => {
  process.once("disconnect", () => resolve())
})
