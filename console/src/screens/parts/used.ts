const day = 86_400_000
const week = 7 * day

/** Whether something was used in the last week, so that deleting the wrong one would be missed at once. */
export const usedLately = (at?: string | null) => at !== undefined && at !== null && Date.now() - Date.parse(at) < week

/** What is said of something of which no use is known. Uses are kept for 90 days, so of what is older nobody can say never. */
export const unused = (createdAt: string) => (Date.now() - Date.parse(createdAt) < 90 * day ? 'Never' : 'Not in the last 90 days')
