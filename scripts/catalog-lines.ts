import type { Effect, Grade } from '../core/describe/operation';
import type { Provider } from '../core/describe/provider';
import { providers } from '../providers';

export interface CatalogLine {
	provider: string;
	resource: string;
	operation: string;
	effect: Effect;
	method: string;
	path: string;
	section: string;
	grade: Grade;
	note?: string;
}

/** One line for each method of the vendors' documents, the login included. */
export function catalogLines(of: readonly Provider[] = providers): CatalogLine[] {
	return of.flatMap((provider) => {
		const { loginMethod } = provider;
		const lines = [
			...(loginMethod === undefined
				? []
				: [line(provider.name, 'session', 'login', 'read', loginMethod.route, loginMethod.evidence)]),
			...provider.operations.map(({ resource, name, effect, route, evidence }) =>
				line(provider.name, resource, name, effect, route, evidence),
			),
		];
		// Two operations may make different records of one method.
		return lines.filter(
			({ method, path, section }, place) =>
				lines.findIndex(
					(other) => other.method === method && other.path === path && other.section === section,
				) === place,
		);
	});
}

function line(
	provider: string,
	resource: string,
	operation: string,
	effect: Effect,
	route: string,
	{ section, grade, note }: { section: string; grade: Grade; note?: string },
): CatalogLine {
	const [method = '', path = ''] = route.split(' ');
	return {
		provider,
		resource,
		operation,
		effect,
		method,
		path,
		section,
		grade,
		...(note === undefined ? {} : { note }),
	};
}
