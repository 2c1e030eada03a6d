// Numbers in bulk, as the server packs them: {shape, float32: base64}, or {shape, minimum, maximum,
// uint16 or uint8: base64}, linear from minimum to maximum; little endian, as all browsers' arrays.
export function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed.float32 ?? packed.uint16 ?? packed.uint8), (letter) => letter.charCodeAt(0));
  if ("float32" in packed) return new Float32Array(bytes.buffer);
  const [whole, largest] = "uint16" in packed ? [new Uint16Array(bytes.buffer), 65535] : [bytes, 255];
  const step = (packed.maximum - packed.minimum) / largest;
  return Float32Array.from(whole, (value) => packed.minimum + step * value);
}
