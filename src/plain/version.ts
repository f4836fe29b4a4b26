/**
 * The version of this package, which `package.json` says too. Here, since a program that is bundled has no `package.json` of ours.
 */
export const version = "0.1.0"
