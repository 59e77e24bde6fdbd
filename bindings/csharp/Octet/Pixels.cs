using Octet.Interop;

namespace Octet;

/// <summary>A view of pixels, decoded (<see cref="Image.Pixels"/>) or the caller's own, as of a camera.</summary>
public readonly unsafe ref struct Pixels
{
    /// <summary>A view of the caller's pixels.</summary>
    /// <param name="data">Rows from the top, channels interleaved.</param>
    /// <param name="width">Pixels, 1 to 65535.</param>
    /// <param name="height">Pixels, 1 to 65535.</param>
    /// <param name="format">The channels.</param>
    /// <param name="rowStride">Bytes from a row to the next; 0: rows follow each other without a gap.</param>
    public Pixels(ReadOnlySpan<byte> data, int width, int height, PixelFormat format, long rowStride = 0)
        : this(data, width, height, format, rowStride, null)
    {
    }

    internal Pixels(
        ReadOnlySpan<byte> data, int width, int height, PixelFormat format, long rowStride, ImageHandle? owner)
    {
        Data = data;
        Width = width;
        Height = height;
        Format = format;
        RowStride = rowStride;
        Owner = owner;
    }

    /// <summary>Rows from the top, channels interleaved.</summary>
    public ReadOnlySpan<byte> Data { get; }

    /// <summary>Pixels.</summary>
    public int Width { get; }

    /// <summary>Pixels.</summary>
    public int Height { get; }

    /// <summary>The channels.</summary>
    public PixelFormat Format { get; }

    /// <summary>Bytes from a row to the next; 0: rows follow each other without a gap.</summary>
    public long RowStride { get; }

    /// <summary>Whose memory it is; null: the caller's.</summary>
    internal ImageHandle? Owner { get; }

    /// <summary>Writes the picture as an input of the model, float32.</summary>
    /// <param name="model">The model.</param>
    /// <param name="values">Exactly as many values as the input has.</param>
    /// <param name="inputIndex">Which input.</param>
    /// <param name="recipe">How; null: as stored in the model.</param>
    /// <exception cref="OctetException">Status Data (no recipe), Shape (the input is no such image).</exception>
    public void ToInput(Model model, Span<float> values, int inputIndex = 0, Recipe? recipe = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        q_recipe copy;
        recipe?.CopyTo(&copy);
        using Hold hold = new(Owner);
        q_error error;
        Errors.Prepare(&error);
        fixed (byte* data = Data)
        fixed (float* to = values)
        {
            q_pixels view = View(data);
            int status = Native.q_pixels_to_input(
                &view, model.Handle, inputIndex, recipe is null ? null : &copy, to, (nuint)values.Length, &error);
            Errors.Check(status, &error);
        }
    }

    /// <summary>Where points of the network's input lie in this picture.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputIndex">Which input.</param>
    /// <param name="recipe">How the picture becomes the input; null: as stored in the model.</param>
    /// <exception cref="OctetException">Status Data (no recipe), Shape (the input is no such image).</exception>
    public PixelMapping GetMapping(Model model, int inputIndex = 0, Recipe? recipe = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        q_recipe copy;
        recipe?.CopyTo(&copy);
        q_mapping mapping = new() { struct_size = (uint)sizeof(q_mapping) };
        using Hold hold = new(Owner);
        q_error error;
        Errors.Prepare(&error);
        fixed (byte* data = Data)
        {
            q_pixels view = View(data);
            int status = Native.q_pixels_get_mapping(
                &view, model.Handle, inputIndex, recipe is null ? null : &copy, &mapping, &error);
            Errors.Check(status, &error);
        }
        return new PixelMapping(mapping.scale_x, mapping.scale_y, mapping.offset_x, mapping.offset_y);
    }

    internal q_pixels View(byte* data) => new()
    {
        struct_size = (uint)sizeof(q_pixels),
        format = (int)Format,
        width = Width,
        height = Height,
        data = data,
        size_bytes = (nuint)Data.Length,
        row_stride = RowStride,
    };
}

/// <summary>
/// Where a point of the network's input lies in the picture, both in pixels from the left and top edges.
/// </summary>
/// <param name="ScaleX">Pixels of the picture for one of the input, to the right.</param>
/// <param name="ScaleY">The same downwards.</param>
/// <param name="OffsetX">Where the input's left edge lies.</param>
/// <param name="OffsetY">Where the input's top edge lies.</param>
public readonly record struct PixelMapping(float ScaleX, float ScaleY, float OffsetX, float OffsetY)
{
    /// <summary>From the input's x to the picture's.</summary>
    public float X(float x) => (ScaleX * x) + OffsetX;

    /// <summary>From the input's y to the picture's.</summary>
    public float Y(float y) => (ScaleY * y) + OffsetY;
}
