/**
 * Loaded to see how modules are read; see `moduleReads.ts`.
 */
export {}
