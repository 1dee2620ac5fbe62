import { readList, writeList } from '../../../core/describe/field';
import { effectOf, requestSettings } from '../request-settings';
import { migrate, MIGRATIONS, newestVersion, type Migrations } from '../migrations';

/** Migrations as source text. */
const sourceOf = (migrations: Migrations) =>
	`{ ${Object.entries(migrations)
		.map(
			([type, steps = []]) =>
				`${JSON.stringify(type)}: [${steps.map(({ to, change }) => `{ to: ${String(to)}, change: ${String(change)} }`).join(', ')}]`,
		)
		.join(', ')} }`;

/** The settings of a request node; their words are in the locales. */
const SETTINGS = Object.entries(requestSettings).map(([name, { kind, initial, min, max, title }]) => ({
	name,
	kind,
	initial,
	min,
	max,
	title,
	effect: effectOf(name),
}));

/**
 * The browser's part as one script: it gives window.fleetwire its functions, and the page its style. Every vendor's
 * page loads it, so it must do nothing the second time.
 */
export function scriptOf(parts: readonly string[], style: string, migrations: Migrations = MIGRATIONS): string {
	return `(function (fleetwire) {
'use strict';
if (fleetwire.prepareRequest) return;
${[readList, writeList, newestVersion, migrate].map(String).join('\n')}
const MIGRATIONS = ${sourceOf(migrations)};
const SETTINGS = ${JSON.stringify(SETTINGS)};
${parts.join('\n')}
$('<style>').text(${JSON.stringify(style)}).appendTo('head');
})(window.fleetwire = window.fleetwire || {});
`;
}
