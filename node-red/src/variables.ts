import type { FleetError } from '../../core/describe/errors';
import { shown } from '../../core/describe/field';
import { plain } from '../../core/describe/words';

/** Whether Node-RED fills a value in when it deploys. */
export const isVariable = (value: unknown): value is string => typeof value === 'string' && /^\$\{\S+\}$/.test(value);

/** The texts that were filled in for variables, at whatever depth. */
function textsIn(written: unknown, filled: unknown): string[] {
	if (isVariable(written)) return typeof filled === 'string' && filled !== '' ? [filled] : [];
	if (typeof written !== 'object' || written === null) return [];
	return Object.entries(written).flatMap(([name, inner]) =>
		textsIn(inner, (filled as Record<string, unknown> | null | undefined)?.[name]),
	);
}

/**
 * An error about a node's settings, without what environment variables hold: one that stands in the wrong setting may
 * be a secret.
 * @param written the settings as the flow stores them
 * @param filled the same with the variables filled in
 */
export function withoutVariables(error: FleetError, written: object, filled: object): FleetError {
	if (!error.beforeVendor) return error;
	const message = textsIn(written, filled)
		.flatMap((text) => [shown(text), shown(text.trim())])
		.flatMap((quoted) => [quoted, plain(quoted)])
		.reduce((text, quoted) => text.replaceAll(quoted, 'what its environment variable holds'), error.message);
	return message === error.message ? error : error.with({ message });
}
