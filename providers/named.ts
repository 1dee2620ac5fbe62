import type { Row } from '../core/describe/records';

/** An object whose keys are as documented where they differ in their case only. */
export function named(body: Row, names: readonly string[]): Row {
	const found = { ...body };
	for (const name of names) {
		if (name in found) continue;
		const same = Object.keys(body).filter((key) => key.toLowerCase() === name.toLowerCase());
		if (same.length === 1) found[name] = body[same[0] ?? ''];
	}
	return found;
}
