/** Types of a vendor's nodes. They are in users' flows. */
interface Named {
	name: string;
}

export const accountType = ({ name }: Named) => `fleetwire-${name}-account`;
export const requestType = ({ name }: Named) => `fleetwire-${name}`;
export const triggerType = ({ name }: Named) => `fleetwire-${name}-trigger`;

/** What Node-RED's editor is told of a type must begin with its name. */
export const storeSetting = ({ name }: Named) => `fleetwire${name.charAt(0).toUpperCase()}${name.slice(1)}TriggerStore`;
