const week = 7 * 86_400_000

/** Whether something was used in the last week, so that deleting the wrong one would be missed at once. */
export const usedLately = (at?: string | null) => at !== undefined && at !== null && Date.now() - Date.parse(at) < week
