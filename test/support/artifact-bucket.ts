// As much of S3 as a deployment needs of its bucket, addressed by path.

export interface BucketAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const XML = { 'content-type': 'application/xml' };
const EMPTY: BucketAnswer = { status: 200, headers: {}, body: '' };

export class ArtifactBucket {
  readonly #objects = new Map<string, Buffer>();

  /** What lies at a URL, where anything does. */
  read(url: string): string | undefined {
    return this.#objects.get(decodeURIComponent(new URL(url).pathname))?.toString();
  }

  answer(method: string, url: URL, body: Buffer): BucketAnswer {
    const path = decodeURIComponent(url.pathname);
    const [, bucket = '', ...key] = path.split('/');
    if (method === 'PUT') {
      this.#objects.set(path, body);
      return { ...EMPTY, headers: { etag: '"1"' } };
    }
    if (url.searchParams.has('delete')) {
      return this.#delete(bucket, body.toString());
    }
    return key.join('') === '' ? this.#list(bucket, url.searchParams.get('prefix') ?? '') : this.#head(path);
  }

  #delete(bucket: string, asked: string): BucketAnswer {
    for (const [, name = ''] of asked.matchAll(/<Key>([^<]*)<\/Key>/g)) {
      this.#objects.delete(`/${bucket}/${name}`);
    }
    return { ...EMPTY, headers: XML, body: '<DeleteResult></DeleteResult>' };
  }

  #list(bucket: string, prefix: string): BucketAnswer {
    const keys = [...this.#objects.keys()].filter((path) => path.startsWith(`/${bucket}/${prefix}`));
    const contents = keys.map((path) => {
      const key = path.slice(bucket.length + 2);
      return `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents>`;
    });
    const counts = `<KeyCount>${keys.length}</KeyCount><IsTruncated>false</IsTruncated>`;
    const body = `<ListBucketResult><Name>${bucket}</Name>${counts}${contents.join('')}</ListBucketResult>`;
    return { ...EMPTY, headers: XML, body };
  }

  #head(path: string): BucketAnswer {
    return { ...EMPTY, status: this.#objects.has(path) ? 200 : 404 };
  }
}

export const NO_SUCH_BUCKET: BucketAnswer = {
  status: 404,
  headers: XML,
  body: '<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message></Error>',
};
