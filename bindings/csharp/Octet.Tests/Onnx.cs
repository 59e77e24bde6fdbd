using System.Text;

namespace Octet.Tests;

/// <summary>Writes small ONNX files: enough of protobuf for a few nodes with float tensors.</summary>
internal sealed class Onnx
{
    private readonly MemoryStream _graph = new();

    public static Onnx Graph() => new();

    public Onnx Input(string name, params long[] dimensions) => Field(11, ValueInfo(name, dimensions));

    public Onnx Output(string name, params long[] dimensions) => Field(12, ValueInfo(name, dimensions));

    public Onnx Constant(string name, float[] values, params long[] dimensions)
    {
        MemoryStream tensor = new();
        foreach (long dimension in dimensions) Number(tensor, 1, dimension);
        Number(tensor, 2, 1); // float
        Bytes(tensor, 8, Encoding.UTF8.GetBytes(name));
        Bytes(tensor, 9, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        return Field(5, tensor.ToArray());
    }

    public Onnx Node(string op, string[] inputs, string output, params (string Name, long[] Values)[] attributes)
    {
        MemoryStream node = new();
        foreach (string input in inputs) Bytes(node, 1, Encoding.UTF8.GetBytes(input));
        Bytes(node, 2, Encoding.UTF8.GetBytes(output));
        Bytes(node, 3, Encoding.UTF8.GetBytes(output));
        Bytes(node, 4, Encoding.UTF8.GetBytes(op));
        foreach ((string name, long[] values) in attributes)
        {
            MemoryStream attribute = new();
            Bytes(attribute, 1, Encoding.UTF8.GetBytes(name));
            foreach (long value in values) Number(attribute, 8, value);
            Number(attribute, 20, 7); // integers
            Bytes(node, 5, attribute.ToArray());
        }
        return Field(1, node.ToArray());
    }

    public byte[] ToBytes()
    {
        MemoryStream model = new();
        Number(model, 1, 7); // version of the format
        Bytes(model, 7, _graph.ToArray());
        MemoryStream operators = new();
        Number(operators, 2, 13);
        Bytes(model, 8, operators.ToArray());
        return model.ToArray();
    }

    private static byte[] ValueInfo(string name, long[] dimensions)
    {
        MemoryStream shape = new();
        foreach (long length in dimensions)
        {
            MemoryStream dimension = new();
            Number(dimension, 1, length);
            Bytes(shape, 1, dimension.ToArray());
        }
        MemoryStream tensor = new();
        Number(tensor, 1, 1); // float
        Bytes(tensor, 2, shape.ToArray());
        MemoryStream type = new();
        Bytes(type, 1, tensor.ToArray());
        MemoryStream info = new();
        Bytes(info, 1, Encoding.UTF8.GetBytes(name));
        Bytes(info, 2, type.ToArray());
        return info.ToArray();
    }

    private Onnx Field(int number, byte[] bytes)
    {
        Bytes(_graph, number, bytes);
        return this;
    }

    private static void Number(MemoryStream stream, int field, long value)
    {
        Varint(stream, (ulong)field << 3);
        Varint(stream, (ulong)value);
    }

    private static void Bytes(MemoryStream stream, int field, byte[] bytes)
    {
        Varint(stream, ((ulong)field << 3) | 2);
        Varint(stream, (ulong)bytes.Length);
        stream.Write(bytes);
    }

    private static void Varint(MemoryStream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7) stream.WriteByte((byte)(value | 0x80));
        stream.WriteByte((byte)value);
    }
}
