import type { Provider } from '../core/describe/provider';
import type { Context } from './host';

/** Nodes of a vendor come in two packages, of the same source: with all vendors, and alone. */
const packagesOf = ({ name }: Provider) => ['n8n-nodes-fleetwire', `n8n-nodes-${name}`];

/**
 * What is wrong if n8n has the nodes of this vendor twice. Modules are loaded once for each package, so each has logins
 * and a quota of its own, while credential types are the same for both.
 */
export function secondPackage(context: Context, provider: Provider): string | undefined {
	const [name = '', ...rest] = context.getNode().type.split('.');
	// n8n makes another type of a node that an agent has as a tool.
	const type = rest.join('.').replace(/Tool$/, '');
	const packages = packagesOf(provider);
	if (!packages.includes(name)) return undefined;
	const known = context.getKnownNodeTypes();
	const other = packages.find((each) => each !== name && `${each}.${type}` in known);
	return other === undefined
		? undefined
		: `This n8n has the ${provider.title} nodes twice: in ${name} and in ${other}. Each package logs in and counts requests by itself, so they can end each other's sessions. Use one of them, and uninstall the other.`;
}
