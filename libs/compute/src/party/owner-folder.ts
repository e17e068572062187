/** Folder below a party's own that its owner keeps, and that no task's parameter leads to. Apart from owner.ts, which loads for longer. */
export const OWNER_FOLDER = '.party';
