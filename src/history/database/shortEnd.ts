/**
 * What SQLite finds a story by when the end of its id is typed: it has an index of this, and of no other ends.
 */
import { fewestCharacters } from "../../event/shortStoryId.js"

/** The fewest characters by which people name a story. */
export const shortEnd = (column: string): string => `substr(${column}, -${fewestCharacters})`
