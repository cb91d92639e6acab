// Analyses and pose solutions of a scan: several may be stored, one counts.

/** The one that is shown; undefined where there is none. */
export const current = (versions) => versions.find((version) => version.current) ?? versions.at(-1);
