using Octet.Interop;

namespace Octet;

/// <summary>
/// A view of the caller's memory for one input or output of a run. Arrays and <see cref="Memory{T}"/> of float or sbyte
/// turn into one by themselves; the default is an output that is not wanted.
/// </summary>
public readonly struct Tensor
{
    private readonly Memory<float> _floats;
    private readonly Memory<sbyte> _bytes;
    private readonly long[]? _strides;

    /// <summary>Float32 values.</summary>
    /// <param name="values">The memory.</param>
    /// <param name="strides">Elements from an index of each dimension to the next; null: contiguous.</param>
    public Tensor(Memory<float> values, long[]? strides = null)
    {
        _floats = values;
        _strides = strides;
        IsWanted = true;
        DataType = DataType.Float32;
    }

    /// <summary>Raw int8 values, where the model's own input or output is int8.</summary>
    /// <param name="values">The memory.</param>
    /// <param name="strides">Elements from an index of each dimension to the next; null: contiguous.</param>
    public Tensor(Memory<sbyte> values, long[]? strides = null)
    {
        _bytes = values;
        _strides = strides;
        IsWanted = true;
        DataType = DataType.Int8;
    }

    /// <summary>Type of the values.</summary>
    public DataType DataType { get; }

    /// <summary>Values in the memory.</summary>
    public int Length => DataType == DataType.Int8 ? _bytes.Length : _floats.Length;

    // Also true of one without values, which is a wrong size and not an output that nobody wants.
    internal bool IsWanted { get; }

    internal Span<float> Floats => _floats.Span;

    internal Span<sbyte> Bytes => _bytes.Span;

    internal long[]? Strides => _strides;

    /// <summary>Contiguous float32 values.</summary>
    public static implicit operator Tensor(float[] values) => new(values.AsMemory());

    /// <summary>Contiguous float32 values.</summary>
    public static implicit operator Tensor(Memory<float> values) => new(values);

    /// <summary>Contiguous int8 values.</summary>
    public static implicit operator Tensor(sbyte[] values) => new(values.AsMemory());

    /// <summary>Contiguous int8 values.</summary>
    public static implicit operator Tensor(Memory<sbyte> values) => new(values);
}
