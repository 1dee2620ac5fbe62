import { readList, writeList } from '../../../core/describe/field';

/**
 * The browser's part as one script: it gives window.fleetwire its functions, and the page its style. Both vendors'
 * pages ask for it, so it must do nothing the second time.
 */
export function scriptOf(parts: readonly string[], style: string): string {
	return `(function (fleetwire) {
'use strict';
if (fleetwire.prepareRequest) return;
${[readList, writeList].map(String).join('\n')}
${parts.join('\n')}
$('<style>').text(${JSON.stringify(style)}).appendTo('head');
})(window.fleetwire = window.fleetwire || {});
`;
}
