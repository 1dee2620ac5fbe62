import type { Icon, Vendor } from '../providers/vendor';
import { MADE } from './n8n-files';

const COMMENT = `<!-- ${MADE} -->`;

/** Through which the palette shows, in the white drawing. */
const GROUND = 'ground';

const painted = ({ drawing }: Icon, colourOf: (name: string) => string) =>
	drawing.map((element) => element.replace(/\{(\w+)\}/g, (_, name: string) => colourOf(name)));

function square(icon: Icon, colours: Readonly<Record<string, string>>): string {
	const lines = painted(icon, (name) => {
		const colour = colours[name];
		if (colour === undefined) throw new Error(`The icon has no colour "${name}".`);
		return colour;
	});
	return `${COMMENT}
<svg xmlns="http://www.w3.org/2000/svg" width="60" height="60" viewBox="0 0 60 60" fill="none">
${lines.map((line) => `\t${line}\n`).join('')}</svg>
`;
}

/** Node-RED paints white on the node's colour, on 40 by 60. What is of the colour of the ground is cut out. */
function white(icon: Icon): string {
	const lines = painted(icon, (name) => (name === GROUND ? '#000' : '#fff'));
	const group = `<g transform="translate(.5 10.5) scale(.65)" fill="none">${lines.join('')}</g>`;
	return `${COMMENT}
<svg xmlns="http://www.w3.org/2000/svg" width="40" height="60" viewBox="0 0 40 60">${
		Object.hasOwn(icon.light, GROUND)
			? `<mask id="drawing">${group}</mask><path d="M0 0h40v60H0z" fill="#fff" mask="url(#drawing)"/>`
			: group
	}</svg>
`;
}

/** A vendor's drawing for n8n on light and dark, and for Node-RED: path and text. */
export function iconFiles({ provider: { name }, icon }: Vendor): [path: string, text: string][] {
	return [
		[`icons/${name}.svg`, square(icon, icon.light)],
		[`icons/${name}.dark.svg`, square(icon, icon.dark)],
		[`node-red/icons/fleetwire-${name}.svg`, white(icon)],
	];
}
