/** Does this code run from the bundle? There, what is started as a file of its own is started through the bundle's entry. (tools/bundle sets it.) */
export const BUNDLED: boolean = false;
