import { InvalidParams } from '../describe/errors';
import { readFields, type Fields } from '../describe/field';
import type { AnyOperation } from '../describe/operation';
import type { Redactor } from './redaction';

/** Checks the parameters of an operation, and hides its secret ones from then on. @throws InvalidParams */
export function readParams(
	operation: AnyOperation,
	input: Readonly<Record<string, unknown>>,
	redactor: Redactor,
	{ now, timeZone }: { now: number; timeZone: string },
): Record<string, unknown> {
	const params = readFields(operation.params as Fields, input, { now, timeZone }) as Record<string, unknown>;
	holdSecrets(operation, params, redactor)();
	const sentence = operation.check?.(params, now);
	if (sentence !== undefined) throw new InvalidParams(sentence);
	return params;
}

/** Hides the secret parameters of a run until the result is called, and for some time more. */
export function holdSecrets(
	{ params: fields }: AnyOperation,
	params: Readonly<Record<string, unknown>>,
	redactor: Redactor,
): () => void {
	const releases = Object.entries(fields as Fields).flatMap(([name, { secret, secretForms }]) => {
		const value = params[name];
		return secret && typeof value === 'string' ? [redactor.hold(value, secretForms)] : [];
	});
	return () => {
		for (const release of releases) release();
	};
}
