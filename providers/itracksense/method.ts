import { climbs } from '../../core/describe/base-url';
import { InvalidParams, NotFound } from '../../core/describe/errors';
import { shown } from '../../core/describe/field';
import type { AnyOperation, Evidence, Grade } from '../../core/describe/operation';
import type { ITracksenseConnection } from './connection';
import { PATHS, type Section } from './paths';

/** Said of sections 29 to 41. */
export const NO_CODES = 'No error codes are documented.';

/** Route and evidence of the method that a section describes. Every one but the web link is a POST (section 2). */
export function method(section: Section, note?: string): { route: string; evidence: Evidence } {
	const { path, grade }: { path: string; grade: Grade } = PATHS[section];
	const notes = [
		note,
		grade === 'G'
			? 'The path of this method is missing from the documentation, and the one in use is assumed. "Method Paths" in the account sets the right one.'
			: undefined,
	];
	const said = notes.filter((part) => part !== undefined).join(' ');
	return {
		route: `${section === 42 ? 'GET' : 'POST'} ${path}`,
		evidence: { section: String(section), grade, ...(said === '' ? {} : { note: said }) },
	};
}

/** How "Method Paths" names a method. */
export const nameOf = ({ resource, name }: Pick<AnyOperation, 'resource' | 'name'>) => `${resource}.${name}`;

const howToSet = (operation: AnyOperation) =>
	`Ask iTracksense for the relative URL of that method, and put it into "Method Paths" in the account: {"${nameOf(operation)}": "/api/vehicle/TheMethod"}.`;
const inWords = (operation: AnyOperation) =>
	`"${operation.title}" (${nameOf(operation)}, section ${operation.evidence.section} of the vendor's documentation)`;

const PATH = /^(\/[\w.~-]+)+$/;

/**
 * The route of an operation for an account: its "Method Paths" come first, then the table.
 * @param known names that "Method Paths" may hold
 * @throws InvalidParams for a write or command whose path is a guess: nothing is changed at an address that nobody
 * knows
 */
export function routeOf(
	operation: AnyOperation,
	{ methodPaths = {} }: Pick<ITracksenseConnection, 'methodPaths'>,
	known: ReadonlySet<string>,
): string {
	const stranger = Object.keys(methodPaths).find((name) => !known.has(name));
	if (stranger !== undefined) {
		throw new InvalidParams(`"Method Paths" in the account names a method that there is not: ${shown(stranger)}.`, {
			advice: `Methods are called like "${nameOf(operation)}".`,
		});
	}
	const name = nameOf(operation);
	const set = Object.hasOwn(methodPaths, name) ? methodPaths[name] : undefined;
	if (set !== undefined) {
		if (typeof set !== 'string' || !PATH.test(set) || climbs(set))
			throw new InvalidParams(
				`"Method Paths" in the account gives ${shown(set)} for ${name}, which is not a path.`,
				{
					advice: 'A path begins with a slash and has no "?" and no "..", for example /api/vehicle/GetCurrentVehicleInfo.',
				},
			);
		return `POST ${set}`;
	}
	if (operation.effect !== 'read' && operation.evidence.grade === 'G') {
		throw new InvalidParams(
			`The path of ${inWords(operation)} is not known, so nothing was sent: iTracksense's document lost it, and nothing is changed on a guess.`,
			{ advice: howToSet(operation) },
		);
	}
	return operation.route;
}

/** The server has no such method. */
export function noSuchMethod(operation: AnyOperation, path: string, status: number): NotFound {
	const guessed = operation.evidence.grade === 'G';
	return new NotFound(
		`iTracksense has no method at ${path} (HTTP ${String(status)}), where ${inWords(operation)} was asked for.${guessed ? ' The path is missing from the documentation; this one is assumed, or comes from "Method Paths".' : ''}`,
		{
			status,
			advice: guessed
				? howToSet(operation)
				: `Check the base URL in the account. If iTracksense has moved the method, put its path into "Method Paths" in the account: {"${nameOf(operation)}": "/api/..."}.`,
		},
	);
}
