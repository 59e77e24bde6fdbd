using System.Buffers.Binary;
using System.IO.Compression;

/// <summary>Writes PNG files (ISO/IEC 15948): 8 bits a channel, red, green, blue, rows unfiltered.</summary>
internal static class Png
{
    private static readonly uint[] s_crcOfByte = Enumerable.Range(0, 256).Select(value =>
    {
        uint crc = (uint)value;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xedb88320 : crc >> 1;
        return crc;
    }).ToArray();

    public static void Write(string path, ReadOnlySpan<byte> rgb, int width, int height)
    {
        using FileStream file = File.Create(path);
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a]);

        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8; // bits
        header[9] = 2; // red, green, blue
        Chunk(file, "IHDR"u8, header);

        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (int y = 0; y < height; ++y)
            {
                zlib.WriteByte(0); // no filter
                zlib.Write(rgb.Slice(y * width * 3, width * 3));
            }
        }
        Chunk(file, "IDAT"u8, packed.GetBuffer().AsSpan(0, (int)packed.Length));
        Chunk(file, "IEND"u8, []);
    }

    // Length, kind, data, and a checksum of the last two.
    private static void Chunk(Stream file, ReadOnlySpan<byte> kind, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(kind);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Crc(Crc(uint.MaxValue, kind), data));
        file.Write(number);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes) crc = s_crcOfByte[(byte)(crc ^ value)] ^ (crc >> 8);
        return crc;
    }
}
