/** The functions of @std/path that this project uses. */
export declare function join(...paths: string[]): string;
export declare function dirname(path: string): string;
export declare function resolve(...paths: string[]): string;
export declare function relative(from: string, to: string): string;
export declare function fromFileUrl(url: string | URL): string;
export declare function toFileUrl(path: string): URL;
