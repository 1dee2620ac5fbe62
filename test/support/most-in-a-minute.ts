/** Most requests within a minute, from any sender. */
export const mostInAMinute = (requests: readonly { at: number }[]) =>
	Math.max(
		0,
		...requests.map(({ at }) => requests.filter((other) => other.at >= at && other.at < at + 60_000).length),
	);
