/** What is used of @npmcli/arborist, which brings no types: it resolves a tree of packages and writes it. */
declare module '@npmcli/arborist' {
  type Meta = { toString(): string }
  type Node = { readonly version: string | undefined }
  export type Tree = {
    readonly meta: Meta
    readonly children: ReadonlyMap<string, Node>
    readonly inventory: { readonly size: number }
  }

  export class Arborist {
    constructor(options: Readonly<Record<string, unknown>>)
    buildIdealTree(options: { update?: { names: readonly string[] } }): Promise<Tree>
    /** Downloads and unpacks the ideal tree. */
    reify(): Promise<Tree>
  }
}
