"""Write vectors for the test with the reference implementation (pip install xxhash==4.1.0).

python3 golden.py > golden.txt. A line is a length and the hash of that many bytes, of which number i
is the third byte of i * 0x9E3779B1.
"""
import xxhash

LENGTHS = list(range(260)) + [511, 512, 513, 1023, 1024, 1025, 1087, 1088, 1089, 2048, 2049, 4096, 5000, 100000]
DATA = bytes(i * 0x9E3779B1 >> 16 & 255 for i in range(max(LENGTHS)))
for n in LENGTHS:
    print(n, "%016x" % xxhash.xxh3_64_intdigest(DATA[:n]))
