import type { Effect, Grade } from '../core/describe/operation';
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
export function catalogLines(): CatalogLine[] {
	return providers.flatMap((provider) => {
		const lines = [
			line(provider.name, 'session', 'login', 'read', provider.loginMethod.route, provider.loginMethod.evidence),
			...provider.operations.map(({ resource, name, effect, route, evidence }) =>
				line(provider.name, resource, name, effect, route, evidence),
			),
		];
		// Two operations may make different records of one method.
		return lines.filter(
			({ method, path }, place) =>
				lines.findIndex((other) => other.method === method && other.path === path) === place,
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
