// The generated client names a type of the DOM that Node's types lack. Where the DOM's are there, this file is left out.
type BodyInit = NonNullable<RequestInit['body']>;
