using Octet.Interop;

namespace Octet;

/// <summary>A decoded picture. May be read by many threads at once.</summary>
public sealed unsafe class Image : IDisposable
{
    private readonly ImageHandle _handle;

    private Image(ImageHandle handle) => _handle = handle;

    /// <summary>Decodes a JPEG or PNG file; EXIF orientation is applied.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">The channels to decode to.</param>
    /// <exception cref="OctetException">Status IO, Format, Unsupported (another kind of image; too large) or
    /// Memory.</exception>
    public static Image Load(string path, PixelFormat format = PixelFormat.Rgb)
    {
        ArgumentNullException.ThrowIfNull(path);
        using Scope scope = new();
        q_error error;
        Errors.Prepare(&error);
        Errors.Check(Native.q_image_load(scope.Text(path), (int)format, out ImageHandle handle, &error), &error);
        return new Image(handle);
    }

    /// <summary>Decodes the bytes of a JPEG or PNG file.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">Stands for the file's name in messages.</param>
    /// <param name="format">The channels to decode to.</param>
    /// <exception cref="OctetException">Status Format, Unsupported or Memory.</exception>
    public static Image Decode(ReadOnlySpan<byte> bytes, string name = "", PixelFormat format = PixelFormat.Rgb)
    {
        using Scope scope = new();
        q_error error;
        Errors.Prepare(&error);
        fixed (byte* data = bytes)
        {
            q_bytes view = new() { data = data, size = (nuint)bytes.Length };
            int status = Native.q_image_decode(view, scope.Text(name), (int)format, out ImageHandle handle, &error);
            Errors.Check(status, &error);
            return new Image(handle);
        }
    }

    /// <summary>
    /// The pixels: a view of this image's memory, not to be used after <see cref="Dispose"/>. Keep the image, as with
    /// <c>using</c>, for as long as <see cref="Pixels.Data"/> is read.
    /// </summary>
    public Pixels Pixels
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            q_pixels pixels = new() { struct_size = (uint)sizeof(q_pixels) };
            q_error error;
            Errors.Prepare(&error);
            Errors.Check(Native.q_image_get_pixels(_handle, &pixels, &error), &error);
            ReadOnlySpan<byte> data = new(pixels.data, checked((int)pixels.size_bytes));
            PixelFormat format = (PixelFormat)pixels.format;
            return new Pixels(data, pixels.width, pixels.height, format, pixels.row_stride, _handle);
        }
    }

    /// <summary>Gives the memory back. A second call does nothing.</summary>
    public void Dispose() => _handle.Dispose();
}
